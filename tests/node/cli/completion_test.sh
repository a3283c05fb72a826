#!/usr/bin/env bash
# The completion script of `idnode` in a real bash. Usage: completion_test.sh IDNODE
set -u
idnode=$1
eval "$("$idnode" completion bash)" || exit 1
failures=0

# expect "WORDS TYPED" "WORD THAT MUST BE OFFERED" ["WORD THAT MUST NOT"]
expect() {
  read -r -a COMP_WORDS <<<"$1"
  [[ $1 == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _idnode
  if [[ " ${COMPREPLY[*]} " != *" $2 "* ]]; then
    echo "'$1' does not offer '$2' but: ${COMPREPLY[*]}"
    failures=$((failures + 1))
  fi
  if [[ -n ${3:-} && " ${COMPREPLY[*]} " == *" $3 "* ]]; then
    echo "'$1' offers '$3'"
    failures=$((failures + 1))
  fi
}

expect "idnode re" register volume
expect "idnode re" resolve
expect "idnode register --cl" --class
expect "idnode register --js" --json
expect "idnode volume rec" recount
expect "idnode volume recount --mo" --month
expect "idnode volume --group-by d" day
expect "idnode state x --set " frozen --set
expect "idnode app " revoke import
expect "idnode enterprise add --ind" --industry
expect "idnode prefix state 88.108.1 --set " in-audit --set
expect "idnode template put shoe.json --form " snms json
expect "idnode app create erp --role " auditor
expect "idnode token " rotate
expect "idnode user add li --role " enterprise-administrator
expect "idnode grant " preview
expect "idnode audit list --ref" --refused
expect "idnode volume --group-by in" industry
expect "idnode --json completion " fish
folder=$(mktemp -d) && cd "$folder" && touch goods.csv || exit 1
expect "idnode import --rejects go" goods.csv
expect "idnode import go" goods.csv
expect "idnode enterprise add --file go" goods.csv
expect "idnode login li --password-file go" goods.csv
cd / && rm -r "$folder"
exit $((failures > 0))
