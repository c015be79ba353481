# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of brokerctl for bash: brokerctl itself knows what may come next.

_brokerctl()
{
	# shellcheck disable=SC2034 # _init_completion sets prev
	local cur prev words cword reply
	_init_completion -n : || return
	mapfile -t reply < <("${words[0]}" complete "$cword" "${words[@]}" 2>/dev/null)
	case ${reply[0]-} in
	words)
		COMPREPLY=("${reply[@]:1}")
		__ltrim_colon_completions "$cur"
		;;
	files) _filedir ;;
	commands) mapfile -t COMPREPLY < <(compgen -c -- "$cur") ;;
	users) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	groups) mapfile -t COMPREPLY < <(compgen -g -- "$cur") ;;
	esac
} && complete -F _brokerctl brokerctl
