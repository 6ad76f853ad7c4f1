package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

const makeToken = "make one at https://coda.io/account (API settings) and set CODA_API_TOKEN or use --token-file"

// maxToken is far more than a token has; a file larger than that is not one.
const maxToken = 4096

// findToken gives the token: CODA_API_TOKEN, then CODA_API_KEY, then the file. It warns where
// two of them differ.
func findToken(file string, warn func(string)) (string, error) {
	type source struct{ name, token string }
	var found []source
	for _, name := range []string{"CODA_API_TOKEN", "CODA_API_KEY"} {
		if t := strings.TrimSpace(os.Getenv(name)); t != "" {
			found = append(found, source{name, t})
		}
	}
	if file != "" {
		t, err := readToken(file)
		if err != nil {
			return "", err
		}
		found = append(found, source{"--token-file", t})
	}
	if len(found) == 0 {
		return "", tokenError{"no API token: " + makeToken}
	}
	for _, s := range found[1:] {
		if s.token != found[0].token {
			warn(fmt.Sprintf("%s and %s hold different tokens; %s is used", found[0].name, s.name, found[0].name))
		}
	}
	return found[0].token, checkToken(found[0].name, found[0].token)
}

func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", tokenError{"token file: " + err.Error()}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", tokenError{"token file: " + err.Error()}
	}
	t := strings.TrimSpace(string(b))
	if t == "" {
		return "", tokenError{fmt.Sprintf("the token file %s is empty; %s", file, makeToken)}
	}
	return t, nil
}

// checkToken refuses what can't be a token. It never repeats it.
func checkToken(source, token string) error {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(token) > maxToken || strings.ContainsFunc(token, odd) {
		return tokenError{fmt.Sprintf("%s does not hold an API token (one word, nothing else); %s", source, makeToken)}
	}
	return nil
}
