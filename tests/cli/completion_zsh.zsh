# Prints what zsh offers at the end of a command line: the answer of the real completion system to
# the completion function in $1 for the words in $2, one offer a line. Run by completion_zsh.sh.
zmodload zsh/zpty || exit 77

zpty shell zsh -f -i
# What the completion functions hand to compadd is what would be shown.
zpty -w shell "PROMPT= RPROMPT=; unsetopt zle_bracketed_paste; stty -echo
fpath=(${(q)1:h} \$fpath)
autoload -Uz compinit && compinit -D -u
compadd() {
  local -a offers
  local word
  for word in \$@; do
    [[ \$word != -- && \$word == -* ]] || break
    [[ \$word != -[a-zA-Z]#[OAD] ]] || { builtin compadd \"\$@\"; return; }
  done
  builtin compadd -A offers \"\$@\"
  print -rl -- offer:\${^offers}
  builtin compadd \"\$@\"
}
capture() { print; _main_complete; print finished:; compstate[insert]= compstate[list]=; }
setopt extended_glob
zle -C capture complete-word capture
bindkey '^I' capture
print ready:"
zpty -r shell line '*ready:*'
# The second completion of a shell finds what the first has left behind.
zpty -w -n shell $'ctwin -\t'
zpty -r shell text '*finished:*'
zpty -w -n shell $'\C-u'"$2"$'\t'
zpty -r shell text '*finished:*'
print -rl -- ${${(M)${(f)${text//$'\r'/}}:#offer:*}#offer:} | sort -u
zpty -d shell
