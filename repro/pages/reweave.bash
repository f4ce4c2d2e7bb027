# Made from `reweave help` by repro/pages/make_pages.
_reweave() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W 'hunt replay rehunt explain view shrink compare export check campaign conform gauntlet doctor bench help version' -- "$word")
    return
  fi
  case ${COMP_WORDS[1]}:$before in
    hunt:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json github markdown sarif' -- "$word")
      return ;;
    replay:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json github markdown sarif' -- "$word")
      return ;;
    rehunt:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json github markdown sarif' -- "$word")
      return ;;
    explain:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text markdown json' -- "$word")
      return ;;
    shrink:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word")
      return ;;
    compare:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word")
      return ;;
    export:--to)
      mapfile -t COMPREPLY < <(compgen -W 'python greenlet c++ gtest dot mermaid' -- "$word")
      return ;;
    check:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json junit github markdown sarif' -- "$word")
      return ;;
    conform:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word")
      return ;;
    gauntlet:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word")
      return ;;
    doctor:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word")
      return ;;
    version:--format)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word")
      return ;;
  esac
  case ${COMP_WORDS[1]} in
    hunt) mapfile -t COMPREPLY < <(compgen -W '--help --generated --jobs --check-determinism --keep-going --shrink --known --seed --strategy --executions --seconds --hang-ms --output --format --quiet --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    replay) mapfile -t COMPREPLY < <(compgen -W '--help --target --times --trace --lingering --timeline --break-at-step --gdb --in-process --rr --hang-ms --seconds --format --quiet --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    rehunt) mapfile -t COMPREPLY < <(compgen -W '--help --in --near --executions --seed --strategy --output --overwrite --hang-ms --seconds --format --quiet --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    explain) mapfile -t COMPREPLY < <(compgen -W '--help --target --passing --executions --hang-ms --seconds --format --quiet --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    view) mapfile -t COMPREPLY < <(compgen -W '--help --target --output --beside --alone --executions --hang-ms --seconds --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    shrink) mapfile -t COMPREPLY < <(compgen -W '--help --target --output --executions --schedule-only --hang-ms --seconds --format --quiet --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    compare) mapfile -t COMPREPLY < <(compgen -W '--help --seeds --seed --executions --hang-ms --seconds --format --quiet --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    export) mapfile -t COMPREPLY < <(compgen -W '--help --target --to --output --hang-ms --seconds --steps-max --races --spurious --profile --specification --collect --switching --defects --spill-levels --free-frames-max --zombie-frames --structure --fail-allocations' -- "$word") ;;
    check) mapfile -t COMPREPLY < <(compgen -W '--help --update --mended --hang-ms --seconds --format --quiet' -- "$word") ;;
    campaign) mapfile -t COMPREPLY < <(compgen -W '' -- "$word") ;;
    conform) mapfile -t COMPREPLY < <(compgen -W '--help --profile --explain-fixed --specification --fail-allocations --hang-ms --seconds --format --quiet' -- "$word") ;;
    gauntlet) mapfile -t COMPREPLY < <(compgen -W '--help --seeds --defects --budget --ordinary --shrink --oracle --output --seconds --format --quiet' -- "$word") ;;
    doctor) mapfile -t COMPREPLY < <(compgen -W '--help --format --quiet' -- "$word") ;;
    bench) mapfile -t COMPREPLY < <(compgen -W '' -- "$word") ;;
    help) mapfile -t COMPREPLY < <(compgen -W 'operations defects settings findings verdicts strategies subjects format hunt replay rehunt explain view shrink compare export check campaign conform gauntlet doctor bench help version' -- "$word") ;;
    version) mapfile -t COMPREPLY < <(compgen -W '--help --format --quiet' -- "$word") ;;
  esac
  [[ $word == -* ]] || mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _reweave reweave
