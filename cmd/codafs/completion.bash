# Completion of codafs for bash. Needs nothing else.

# _codafs asks codafs what may come at the cursor. It reads the line itself: bash gives words as they are typed, with their
# backslashes and open quotes, and splits them at : and =.
_codafs() {
	local line=${COMP_LINE:0:COMP_POINT} words=() word= begun= quote= c
	local -i i cut=0 before=0 # cut: how much of the word readline keeps: what is before an open quote, or a : and the like
	for ((i = 0; i < ${#line}; i++)); do
		c=${line:i:1}
		if [[ $quote && $c == "$quote" ]]; then
			quote= cut=before
		elif [[ $quote == "'" ]]; then
			word+=$c
		elif [[ $c == \\ ]]; then
			i+=1 begun=yes
			c=${line:i:1}
			if [[ $quote && $c != [\$\`\"\\] ]]; then word+=\\; fi
			word+=$c
		elif [[ $quote ]]; then
			word+=$c
		elif [[ $c == [\"\'] ]]; then
			quote=$c begun=yes before=cut cut=${#word}
		elif [[ $c == [[:space:]] ]]; then
			if [[ $begun ]]; then words+=("$word"); fi
			word= begun= cut=0
		else
			word+=$c begun=yes
			if [[ $COMP_WORDBREAKS == *"$c"* ]]; then cut=${#word}; fi
		fi
	done

	local program=${words[0]/#\~\//"$HOME/"} out directive
	out=$("$program" __complete "${words[@]:1}" "$word" 2>/dev/null)
	directive=${out##*:}
	if [[ ! $directive =~ ^[0-9]+$ ]]; then return; fi
	out=${out%:*}

	# The value of --flag=VALUE is offered without the flag.
	local flag= name text plain=yes listing= described=
	if [[ $word == -*=* ]]; then flag=${word%%=*}=; fi
	if ((COMP_TYPE == 63)); then listing=yes; fi # the names are shown, nothing is put into the line
	COMPREPLY=()
	while IFS= read -r line; do
		name=$flag${line%%$'\t'*}
		if [[ -z $line || $name != "$word"* ]]; then continue; fi
		text=${name:cut}
		printf -v c %q "$text"
		if [[ $c != "$text" ]]; then plain=; fi
		if [[ $listing && $line == *$'\t'* ]]; then text+="  (${line#*$'\t'})" described=yes; fi
		COMPREPLY+=("$text")
	done <<<"$out"
	if ((${#COMPREPLY[@]} == 1)) && [[ $listing ]]; then COMPREPLY=("${COMPREPLY[0]%%  (*}"); fi
	# Readline closes an open quote behind the only name there is, but not behind what several have in common.
	if ((${#COMPREPLY[@]} == 1)) && [[ $quote && ! $listing && ${COMPREPLY[0]} == */ && $COMP_TYPE != 37 ]]; then
		COMPREPLY+=("${COMPREPLY[0]}…")
	fi

	if ((directive & 16)); then # folders of this machine
		while IFS= read -r name; do
			COMPREPLY+=("${name:cut}")
		done < <(compgen -d -- "$word")
		plain=
	fi
	type -t compopt >/dev/null || return 0 # bash 3
	if ((directive & 2)); then compopt -o nospace; fi
	if ((directive & 4)); then compopt +o default; fi
	# As names of files they are quoted where they have to be. Others are not taken for files that have the same name.
	if [[ ! $plain && ! $described ]]; then compopt -o filenames; fi
}

if type -t compopt >/dev/null; then
	complete -o default -F _codafs codafs
else
	complete -o default -o filenames -o nospace -F _codafs codafs
fi
