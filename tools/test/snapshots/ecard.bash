# Completion of ecard. In ~/.bashrc: eval "$(ecard completion bash)"
_ecard() {
  local word="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}" path="" flags="" names="" i
  case "$previous" in
    --device) COMPREPLY=($(compgen -W "emulator qemu" -- "$word")); return ;;
    --transport) COMPREPLY=($(compgen -W "memory noble web-bluetooth" -- "$word")); return ;;
    --present) COMPREPLY=($(compgen -W "now swipe" -- "$word")); return ;;
    --board) COMPREPLY=($(compgen -W "an386 an505" -- "$word")); return ;;
    --class) COMPREPLY=($(compgen -W "test production" -- "$word")); return ;;
    --as) COMPREPLY=($(compgen -W "operator requestor" -- "$word")); return ;;
    --to) COMPREPLY=($(compgen -W "suspended active deactivated" -- "$word")); return ;;
    --when) COMPREPLY=($(compgen -W "now swipe" -- "$word")); return ;;
    --through) COMPREPLY=($(compgen -W "domain code" -- "$word")); return ;;
    --show) COMPREPLY=($(compgen -W "PIN button" -- "$word")); return ;;
    --track) COMPREPLY=($(compgen -W "auto 1 2 3" -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W "u8 s16le s24le s32le f32le" -- "$word")); return ;;
    --format) COMPREPLY=($(compgen -W "wav csv sr vcd svg" -- "$word")); return ;;
    --root) COMPREPLY=($(compgen -W "development production" -- "$word")); return ;;
    --device) COMPREPLY=($(compgen -W "qemu" -- "$word")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path${path:+ }${COMP_WORDS[i]}" in
      "companion" | "demo" | "emulate" | "debug" | "personalise" | "issuer" | "network" | "network start" | "network keys" | "network watch" | "network tokens" | "network backup" | "network restore" | "pair" | "cards" | "pay" | "checkout" | "code" | "delegate" | "delegate make" | "delegate narrow" | "delegate show" | "delegate revoke" | "disarm" | "suspend" | "unpair" | "pos" | "pos read" | "pos listen" | "pos inspect" | "pos synth" | "pos charge" | "image" | "image key" | "image build" | "image sign" | "image verify" | "image inspect" | "flash" | "flasher" | "serial" | "logs" | "doctor" | "bench" | "bench reader" | "bench length" | "bench network" | "bench mcu" | "bench bluetooth" | "completion") path="$path${path:+ }${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path" in
    "") flags="-V --version --json -q --quiet -v --verbose" names="companion demo emulate debug personalise issuer network pair cards pay checkout code delegate disarm suspend unpair pos image flash flasher serial logs doctor bench completion" ;;
    "companion") flags="--port --dir --json -q --quiet -v --verbose" names="" ;;
    "demo") flags="--out --device --transport --trace --json -q --quiet -v --verbose" names="" ;;
    "emulate") flags="--dir --listen --scenario --present --mtu --auto-press --show-code --coil --hci --pty --btsnoop --trace --json -q --quiet -v --verbose" names="" ;;
    "debug") flags="--board --gdb --listen --auto-press --show-code --json -q --quiet -v --verbose" names="" ;;
    "personalise") flags="--dir --class --keys --iin --show-code --json -q --quiet -v --verbose" names="" ;;
    "issuer") flags="--http --iso --dir --json -q --quiet -v --verbose" names="" ;;
    "network") flags="--json -q --quiet -v --verbose" names="start keys watch tokens backup restore" ;;
    "network start") flags="--http --codes --acs --iso --watch --dir --store --log --line --host --keys --issuer-url --issuer-line --processor-url --acs-url --json -q --quiet -v --verbose" names="issuer processor acs" ;;
    "network keys") flags="--out --rotate --retire --early --json -q --quiet -v --verbose" names="" ;;
    "network watch") flags="--url --json -q --quiet -v --verbose" names="" ;;
    "network tokens") flags="--as --to --last4 --keys --issuer-url --json -q --quiet -v --verbose" names="" ;;
    "network backup") flags="--dir --out --json -q --quiet -v --verbose" names="" ;;
    "network restore") flags="--from --dir --store --json -q --quiet -v --verbose" names="" ;;
    "pair") flags="--device --phone --maker-root --issuer --holder --name --id --ask-pin --json -q --quiet -v --verbose" names="" ;;
    "cards") flags="--device --phone --near --states --json -q --quiet -v --verbose" names="" ;;
    "pay") flags="--device --phone --card --merchant --when --through --processor --right --category --ask-pin --json -q --quiet -v --verbose" names="" ;;
    "checkout") flags="--device --phone --card --merchant --charge --shop --processor --network --ask-pin --json -q --quiet -v --verbose" names="" ;;
    "code") flags="--merchant --cost --seller --processor --phone --card --json -q --quiet -v --verbose" names="" ;;
    "delegate") flags="--json -q --quiet -v --verbose" names="make narrow show revoke" ;;
    "delegate make") flags="--phone --card --uses --for --amount --total --category --merchant --to --show --json -q --quiet -v --verbose" names="" ;;
    "delegate narrow") flags="--uses --for --amount --total --category --merchant --to --show --json -q --quiet -v --verbose" names="" ;;
    "delegate show") flags="--phone --card --offline --json -q --quiet -v --verbose" names="" ;;
    "delegate revoke") flags="--phone --card --json -q --quiet -v --verbose" names="" ;;
    "disarm") flags="--device --phone --card --json -q --quiet -v --verbose" names="" ;;
    "suspend") flags="--device --phone --card --resume --json -q --quiet -v --verbose" names="" ;;
    "unpair") flags="--device --phone --card --forget --json -q --quiet -v --verbose" names="" ;;
    "pos") flags="--json -q --quiet -v --verbose" names="read listen inspect synth charge" ;;
    "pos read") flags="--track --json -q --quiet -v --verbose" names="" ;;
    "pos listen") flags="--rate --format --channels --track --json -q --quiet -v --verbose" names="" ;;
    "pos inspect") flags="--out --track --json -q --quiet -v --verbose" names="" ;;
    "pos synth") flags="--out --count --seed --format --json -q --quiet -v --verbose" names="" ;;
    "pos charge") flags="--amount --network --terminal --merchant --name --type --country --currency --json -q --quiet -v --verbose" names="" ;;
    "image") flags="--json -q --quiet -v --verbose" names="key build sign verify inspect" ;;
    "image key") flags="--out --root --json -q --quiet -v --verbose" names="" ;;
    "image build") flags="--board --version --counter --out --json -q --quiet -v --verbose" names="" ;;
    "image sign") flags="--key --root --out --json -q --quiet -v --verbose" names="" ;;
    "image verify") flags="--key --counter --board --json -q --quiet -v --verbose" names="" ;;
    "image inspect") flags="--key --json -q --quiet -v --verbose" names="" ;;
    "flash") flags="--port --device --ble --board --memory --key --no-confirm --json -q --quiet -v --verbose" names="" ;;
    "flasher") flags="--out --json -q --quiet -v --verbose" names="" ;;
    "serial") flags="--json -q --quiet -v --verbose" names="" ;;
    "logs") flags="--port --device --board --memory --once --raw --json -q --quiet -v --verbose" names="" ;;
    "doctor") flags="--json -q --quiet -v --verbose" names="" ;;
    "bench") flags="--runs --mtu --seconds --json -q --quiet -v --verbose" names="reader length network mcu bluetooth" ;;
    "bench reader") flags="--swipes --seed --only --check --long --picture --sounds --json -q --quiet -v --verbose" names="" ;;
    "bench length") flags="--longest --json -q --quiet -v --verbose" names="" ;;
    "bench network") flags="--rate --seconds --tokens --store --json -q --quiet -v --verbose" names="" ;;
    "bench mcu") flags="--keep --check --json -q --quiet -v --verbose" names="" ;;
    "bench bluetooth") flags="--cycles --json -q --quiet -v --verbose" names="" ;;
    "completion") flags="--json -q --quiet -v --verbose" names="bash zsh fish" ;;
  esac
  if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n "$names" ]]; then COMPREPLY=($(compgen -W "$names" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _ecard ecard
