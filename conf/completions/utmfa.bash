# SPDX-License-Identifier: Apache-2.0
# bash completion of utmfa-enroll, utmfa-admin and utmfa-assert.
# shellcheck shell=bash disable=SC2207

_utmfa_common='--help --version --json --language --config --data-dir --keys-dir --run-dir --pam-dir --locale-dir'

_utmfa_words() { COMPREPLY=($(compgen -W "$*" -- "${COMP_WORDS[COMP_CWORD]}")); }

# The first words that are neither options nor their values.
_utmfa_verb() {
  local i word
  verb=() taken=0
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --user|--language|--config|--data-dir|--keys-dir|--run-dir|--pam-dir|--locale-dir|--reason|--valid|--from|--tty|\
--lines|--file|--root|--sshd-settings|--label|--digits|--period|--algorithm|--secret-file|--serial|--counter|--password-file|--format|--kind|--until|--code|--path|--origin|--rejected|--passphrase-file|--to|--kept|--unused|--first|--confirm-within|--prometheus) i=$((i + 1)) ;;
      -*) ;;
      *) verb+=("$word") ;;
    esac
  done
}

_utmfa_value() {
  local before=${COMP_WORDS[COMP_CWORD - 1]} current=${COMP_WORDS[COMP_CWORD]}
  case $before in
    --user) COMPREPLY=($(compgen -u -- "$current")) ;;
    --language) _utmfa_words en ja ;;
    --format) _utmfa_words csv json pskc entra ;;
    --first) _utmfa_words password key ;;
    --confirm-within) _utmfa_words 2m 10m 30m 1h ;;
    --unused) _utmfa_words 30d 90d 180d 365d ;;
    --kind) _utmfa_words totp hotp ;;
    --digits) _utmfa_words 6 7 8 ;;
    --period) _utmfa_words 30 60 ;;
    --algorithm) _utmfa_words sha1 sha256 sha512 ;;
    --valid) _utmfa_words 10m 1h 12h 1d 7d 30d ;;
    --config|--file|--password-file|--passphrase-file|--rejected|--to|--secret-file|--sshd-settings|--prometheus) COMPREPLY=($(compgen -f -- "$current")) ;;
    --data-dir|--keys-dir|--run-dir|--pam-dir|--locale-dir|--root) COMPREPLY=($(compgen -d -- "$current")) ;;
    --from) if [[ " ${COMP_WORDS[*]} " == *' import '* ]]; then _utmfa_words google-authenticator oath u2f; fi ;;
    --label|--serial|--counter|--until|--code|--reason|--tty|--lines|--path|--origin|--kept) ;;
    *) return 1 ;;
  esac
}

_utmfa_enroll() {
  local verb
  _utmfa_verb
  _utmfa_value && return
  case "${verb[*]}" in
    '') _utmfa_words add confirm test apply list default order rename change-number remove --user --no-qr "$_utmfa_common" ;;
    add) _utmfa_words totp token recovery phone push fido ;;
    'add totp') _utmfa_words --label --digits --period --algorithm "$_utmfa_common" ;;
    'add token') _utmfa_words --secret-file --hotp --totp --label --digits --period --algorithm --serial --counter "$_utmfa_common" ;;
    'add phone'*) _utmfa_words --slot --extension --prefer --label "$_utmfa_common" ;;
    'add fido'*) _utmfa_words --label --ssh-key --line "$_utmfa_common" ;;
    'add push'*) _utmfa_words --label "$_utmfa_common" ;;
    'add recovery') _utmfa_words --label "$_utmfa_common" ;;
    remove*) _utmfa_words --yes "$_utmfa_common" ;;
    *) _utmfa_words "$_utmfa_common" ;;
  esac
}

_utmfa_admin() {
  local verb
  _utmfa_verb
  _utmfa_value && return
  case "${verb[*]}" in
    '') _utmfa_words status setup doctor check log explain list show unlock pass reset terminate restore import export report token contact gateway state keys service after-restore migrate "$_utmfa_common" ;;
    unlock|pass|reset|terminate) if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then _utmfa_words --stdin --reason --yes "$_utmfa_common"
      else COMPREPLY=($(compgen -u -- "${COMP_WORDS[COMP_CWORD]}")); fi ;;
    show|restore|explain|'state show'|'state rebuild') COMPREPLY=($(compgen -u -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    token) _utmfa_words import lend return list show retire resync ;;
    'token import') COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    'token import '*) _utmfa_words --password-file --format --kind --digits --period --algorithm --dry-run --reason "$_utmfa_common" ;;
    'token list') _utmfa_words --overdue --free --lent "$_utmfa_common" ;;
    'token lend '*) if [ ${#verb[@]} -eq 3 ]; then COMPREPLY=($(compgen -u -- "${COMP_WORDS[COMP_CWORD]}"))
      else _utmfa_words --until --code --reason "$_utmfa_common"; fi ;;
    'token return '*|'token retire '*) _utmfa_words --reason --force --yes "$_utmfa_common" ;;
    'token resync '*) _utmfa_words --reason "$_utmfa_common" ;;
    state) _utmfa_words show rebuild ;;
    status) _utmfa_words --prometheus "$_utmfa_common" ;;
    migrate) _utmfa_words --dry-run --undo "$_utmfa_common" ;;
    after-restore) _utmfa_words --reason --everybody --dry-run --yes "$_utmfa_common" ;;
    service) _utmfa_words enable disable confirm revert status ;;
    'service enable '*) _utmfa_words --first --observe --until --confirm-within --dry-run --yes "$_utmfa_common" ;;
    'service disable '*) _utmfa_words --dry-run --yes "$_utmfa_common" ;;
    'service enable'|'service disable'|'service confirm'|'service status')
      COMPREPLY=($(compgen -W "$(cd /etc/pam.d && ls)" -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    'service revert') _utmfa_words --due "$(cd /etc/pam.d && ls)" ;;
    contact) COMPREPLY=($(compgen -u -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    'contact '*) _utmfa_words --unproven-by-desk --remove --reason "$_utmfa_common" ;;
    gateway) _utmfa_words test ;;
    'gateway test') _utmfa_words mail sms voice push ;;
    keys) _utmfa_words list new activate reseal ;;
    check) COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    setup) _utmfa_words --create-user "$_utmfa_common" ;;
    doctor) _utmfa_words --root --sshd-settings "$_utmfa_common" ;;
    log) _utmfa_words --user --lines --file "$_utmfa_common" ;;
    'explain '*) if [ ${#verb[@]} -eq 2 ]; then _utmfa_words "$(cd /etc/pam.d 2>/dev/null && echo *)"
      else _utmfa_words --from --tty --unlock "$_utmfa_common"; fi ;;
    restore*) _utmfa_words --list --kept --reason --yes "$_utmfa_common" ;;
    import) if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then _utmfa_words --format --from --path --origin --sealed --passphrase-file \
        --names-as-written --apply --dry-run --rejected --reason "$_utmfa_common"
      else COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")); fi ;;
    'import '*) _utmfa_words --format --from --path --origin --sealed --passphrase-file --names-as-written --apply --dry-run \
      --rejected --reason "$_utmfa_common" ;;
    export*) if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then _utmfa_words --to --passphrase-file --reason "$_utmfa_common"
      else COMPREPLY=($(compgen -u -- "${COMP_WORDS[COMP_CWORD]}")); fi ;;
    report) _utmfa_words --unused --people --csv --stdin "$_utmfa_common" ;;
    'unlock '*) _utmfa_words --reason --yes "$_utmfa_common" ;;
    'pass '*) _utmfa_words --valid --many --reason --yes "$_utmfa_common" ;;
    'reset '*|'terminate '*|'state rebuild '*) _utmfa_words --reason --yes "$_utmfa_common" ;;
    *) _utmfa_words "$_utmfa_common" ;;
  esac
}

_utmfa_assert() {
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --type) _utmfa_words es256 eddsa rs256 ;;
    --language) _utmfa_words en ja ;;
    --locale-dir) COMPREPLY=($(compgen -d -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    --rp|--wait) ;;
    *) _utmfa_words --register --type --rp --fido2 --wait --language --locale-dir --help --version ;;
  esac
}

complete -F _utmfa_enroll utmfa-enroll
complete -F _utmfa_admin utmfa-admin
complete -F _utmfa_assert utmfa-assert
