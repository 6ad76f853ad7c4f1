#compdef codafs
# Completion of codafs for zsh.

# _codafs asks codafs what may come at the cursor.
_codafs() {
	local word=${(Q)PREFIX} out directive line name
	local -a names hints space
	out=$("${(Q)words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "$word" 2>/dev/null)
	directive=${out##*:}
	[[ $directive == <-> ]] || return 1
	if [[ $word == -*=* ]]; then compset -P '*='; fi # the value of --flag=VALUE is offered without the flag
	for line in "${(@f)${out%:*}}"; do
		if [[ -z $line ]]; then continue; fi
		name=${line%%$'\t'*}
		names+=("$name")
		hints+=("${line/$'\t'/  -- }")
	done
	if ((directive & 2)); then space=(-S ''); fi
	if (($#names)); then compadd -l -d hints "${space[@]}" -- "${names[@]}"; fi
	if ((directive & 16)); then # folders of this machine
		_files -/
	elif ((!(directive & 4))); then
		_files
	fi
}

if [[ $funcstack[1] == _codafs ]]; then
	_codafs "$@"
else
	compdef _codafs codafs
fi
