#compdef ecard
# Completion of ecard. In ~/.zshrc, after compinit: eval "$(ecard completion zsh)"
_ecard() {
  local state line
  local -a names
  _arguments -C \
    '-V[output the version number]' '--version[output the version number]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) names=('companion:the cardholder'\''s app in a browser, with an emulated card and a till' 'demo:watch a card pay\: pair, load, present, swipe, approve; replays refused' 'emulate:a card in software\: on a port for a phone, or played by a scenario file' 'debug:start the microcontroller'\''s image in QEMU, halted, and say how a debugger gets at it' 'personalise:make a card\: keys, maker'\''s certificate, pairing code as text and QR, then lock it' 'issuer:the development issuer\: enrols cards, gives grants, answers terminals' 'network:the services behind the card, and their messages as they pass' 'pair:make a card this phone'\''s\: by the code of its sheet, and enrol it' 'cards:the cards of this phone; with --near, those in reach' 'pay:have the card swipe a payment\: granted, loaded, button pressed, sent' 'checkout:pay in a shop'\''s app\: agreed to on the card, sent without a swipe' 'code:have an appliance buy with a code of a card'\''s account\: one code, one purchase' 'delegate:lend an account\: hand out a right to pay by it, narrow one, look at them, take one back' 'disarm:take back a payment that is loaded or armed, whoever began it' 'suspend:stop a card from paying, wherever it is; --resume takes it back' 'unpair:end a pairing, on the card and here' 'pos:the POS simulator\: read recordings of swipes, listen to a head, make swipes up, charge' 'image:firmware images as MCUboot has them\: build, sign, verify, inspect; keys to sign with' 'flash:put a signed image onto a card\: checked, sent, tried, confirmed; a broken call goes on' 'flasher:write the flasher'\''s page\: one file, for a browser with serial ports (Chrome, Edge, Opera)' 'serial:list serial ports, those of USB first, and pick one of several' 'logs:follow the log of a card behind a serial port, until Ctrl-C' 'doctor:check Node, packages, firmware and permissions; what fails comes with its mending' 'bench:measure payment (round trips, octets, time), firmware (size, memory) and reader (speed)' 'completion:print the completion script of a shell'); _describe command names ;;
    rest) case $line[1] in
      companion) _ecard_companion ;;
      demo) _ecard_demo ;;
      emulate) _ecard_emulate ;;
      debug) _ecard_debug ;;
      personalise) _ecard_personalise ;;
      issuer) _ecard_issuer ;;
      network) _ecard_network ;;
      pair) _ecard_pair ;;
      cards) _ecard_cards ;;
      pay) _ecard_pay ;;
      checkout) _ecard_checkout ;;
      code) _ecard_code ;;
      delegate) _ecard_delegate ;;
      disarm) _ecard_disarm ;;
      suspend) _ecard_suspend ;;
      unpair) _ecard_unpair ;;
      pos) _ecard_pos ;;
      image) _ecard_image ;;
      flash) _ecard_flash ;;
      flasher) _ecard_flasher ;;
      serial) _ecard_serial ;;
      logs) _ecard_logs ;;
      doctor) _ecard_doctor ;;
      bench) _ecard_bench ;;
      completion) _ecard_completion ;;
    esac ;;
  esac
}
_ecard_companion() {
  local state line
  local -a names
  _arguments -C \
    '--port[on 127.0.0.1; 0 takes any free one]:value:_files' \
    '--dir[where card and network are kept; in memory without]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_demo() {
  local state line
  local -a names
  _arguments -C \
    '--out[where swipe.wav, .svg, .vcd, .sr and journey.json go]:value:_files' \
    '--device[the emulated card, or the image of npm run build\:mcu on a Cortex-M4 in QEMU]:value:(emulator qemu)' \
    '--transport[how phone and card talk\: from hand to hand, Bluetooth by noble'\''s own stack, or by a page in Chromium]:value:(memory noble web-bluetooth)' \
    '--trace[show every step inside the emulated card, by its own clock]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_emulate() {
  local state line
  local -a names
  _arguments -C \
    '--dir[a card that ecard personalise made; a new one in memory without]:value:_files' \
    '--listen[TCP port on 127.0.0.1 for the phone; any free one without]:value:_files' \
    '--scenario[play a scenario on a new card, with issuer, phone and a grant]:value:_files' \
    '--present[of the scenario'\''s phone\: now, or at the swipe where the file touches the head]:value:(now swipe)' \
    '--mtu[ATT MTU over the TCP port, 23 to 517]:value:_files' \
    '--auto-press[somebody presses the button whenever the lights ask]' \
    '--show-code[print the pairing code, which is a secret]' \
    '--coil[what a head at its coil hears, live, as raw samples; - is stdout]:value:_files' \
    '--hci[Bluetooth\: a controller for a phone'\''s stack, H4 on a Unix socket]:value:_files' \
    '--pty[Bluetooth\: the same on a pseudo-terminal, by socat]' \
    '--btsnoop[with one of these\: keep the card'\''s HCI traffic, for Wireshark]:value:_files' \
    '--trace[with --scenario\: show every step inside the card (on a port, always)]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_debug() {
  local state line
  local -a names
  _arguments -C \
    '--board[Cortex-M4 (an386) or Cortex-M33 (an505)]:value:(an386 an505)' \
    '--gdb[TCP port on 127.0.0.1 for the debugger]:value:_files' \
    '--listen[TCP port on 127.0.0.1 for the phone; any free one without]:value:_files' \
    '--auto-press[somebody presses the button whenever the lights ask]' \
    '--show-code[print the pairing code, which is a secret]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_personalise() {
  local state line
  local -a names
  _arguments -C \
    '--dir[where the card'\''s flash and sheet go]:value:_files' \
    '--class[which roots the card trusts]:value:(test production)' \
    '--keys[the operator'\''s keys (160 octets); sample keys without]:value:_files' \
    '--iin[number ranges the card may speak for (default\: 999999)]:value:_files' \
    '--show-code[print the pairing code and its QR on the terminal]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_issuer() {
  local state line
  local -a names
  _arguments -C \
    '--http[for phones; 0 takes any free one]:value:_files' \
    '--iso[for terminals\: ISO 8583 over TCP]:value:_files' \
    '--dir[where its accounts and its log are kept; in memory without]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_network() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) names=('start:issuer, processor and access control server, in one process or apart' 'keys:new keys for services apart\: a file for each' 'watch:messages between terminal, processor, acs and issuer, as they pass' 'tokens:how a card'\''s tokens stand, for the issuer'\''s operator or their requestor' 'backup:copy a network'\''s stores, or a service'\''s, while it runs or not' 'restore:a network, or a service, from copies\: no ATC is given out twice, no grant or code of before pays'); _describe command names ;;
    rest) case $line[1] in
      start) _ecard_network_start ;;
      keys) _ecard_network_keys ;;
      watch) _ecard_network_watch ;;
      tokens) _ecard_network_tokens ;;
      backup) _ecard_network_backup ;;
      restore) _ecard_network_restore ;;
    esac ;;
  esac
}
_ecard_network_start() {
  local state line
  local -a names
  _arguments -C \
    '--http[the issuer'\''s, for phones; 0 takes any free one]:value:_files' \
    '--codes[the processor'\''s, for phones and devices]:value:_files' \
    '--acs[the access control server'\''s, for phones]:value:_files' \
    '--iso[for terminals\: ISO 8583 over TCP]:value:_files' \
    '--watch[for ecard network watch]:value:_files' \
    '--dir[where accounts, codes and the log are kept]:value:_files' \
    '--store[a PostgreSQL for accounts and codes\: postgres\://...]:value:_files' \
    '--log[what happens, in lines of JSON; - is standard error]:value:_files' \
    '--line[apart\: the issuer'\''s, for processors]:value:_files' \
    '--host[apart\: where it listens, and is reached]:value:_files' \
    '--keys[apart\: its keys, of ecard network keys]:value:_files' \
    '--issuer-url[apart\: where the issuer is]:value:_files' \
    '--issuer-line[apart\: and its door for processors]:value:_files' \
    '--processor-url[apart\: where the processor is]:value:_files' \
    '--acs-url[apart\: where the access control server is]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1:name:(issuer processor acs)'
}
_ecard_network_keys() {
  local state line
  local -a names
  _arguments -C \
    '--out[where the files go\: none may be there yet]:value:_files' \
    '--rotate[the next keys of that folder'\''s, which stay good]:value:_files' \
    '--retire[that folder'\''s keys, the ones before taken out]:value:_files' \
    '--early[retire\: though what those made is not over yet]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_network_watch() {
  local state line
  local -a names
  _arguments -C \
    '--url[where the network is watched]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_network_tokens() {
  local state line
  local -a names
  _arguments -C \
    '--as[who asks]:value:(operator requestor)' \
    '--to[move one there]:value:(suspended active deactivated)' \
    '--last4[which one, where the card has several]:value:_files' \
    '--keys[that one'\''s keys, of ecard network keys]:value:_files' \
    '--issuer-url[where the issuer is (http\://127.0.0.1\:7080)]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_network_backup() {
  local state line
  local -a names
  _arguments -C \
    '--dir[the network'\''s, or that of a service by itself]:value:_files' \
    '--out[where the copies go\: none may be there yet]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_network_restore() {
  local state line
  local -a names
  _arguments -C \
    '--from[the copies, which stay as they are]:value:_files' \
    '--dir[where they go\: none of them may be there yet]:value:_files' \
    '--store[in their place\: a PostgreSQL that its own tools brought back]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pair() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--maker-root[public key of the maker; the folder'\''s maker-root.txt without]:value:_files' \
    '--issuer[enrol the card there, and have a token made]:value:_files' \
    '--holder[name on the token]:value:_files' \
    '--name[what the card calls this phone]:value:_files' \
    '--id[which one, of several cards in reach\: as ecard cards --near names it]:value:_files' \
    '--ask-pin[the card has a PIN\: it is asked for, or read as a line of standard input]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_cards() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--near[look around for so long (3 s)]:value:_files' \
    '--states[how their tokens stand, at the issuer and on the card]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pay() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--merchant[whom it may be paid to; anybody without]:value:_files' \
    '--when[at once, or when a reader touches the card]:value:(now swipe)' \
    '--through[behind an authentication for one merchant, or by a code]:value:(domain code)' \
    '--processor[of --through\: where the processor is]:value:_files' \
    '--right[by somebody'\''s right that was handed on; - for standard input]:value:_files' \
    '--category[of --right\: the shop'\''s merchant category (ISO 18245)]:value:_files' \
    '--ask-pin[the card has a PIN\: it is asked for, or read as a line of standard input]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_checkout() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--merchant[whom it pays, up to 15 characters]:value:_files' \
    '--charge[what the shop asks for; that amount without]:value:_files' \
    '--shop[who sends it; that merchant without]:value:_files' \
    '--processor[where the processor is]:value:_files' \
    '--network[the terminals'\'' door]:value:_files' \
    '--ask-pin[the card has a PIN\: it is asked for, or read as a line of standard input]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_code() {
  local state line
  local -a names
  _arguments -C \
    '--merchant[whom it may be paid to, up to 15 characters]:value:_files' \
    '--cost[what the appliance buys for; that amount without]:value:_files' \
    '--seller[whom it buys from; that merchant without]:value:_files' \
    '--processor[where the processor is]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_delegate() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) names=('make:hand out a right to pay by a card'\''s account' 'narrow:restrict a right further, to hand it on; nobody is asked, and nobody can undo it' 'show:what a right says, and what is left of it; the account'\''s rights without one' 'revoke:take a right back\: it pays nothing from now on, armed cards among it'); _describe command names ;;
    rest) case $line[1] in
      make) _ecard_delegate_make ;;
      narrow) _ecard_delegate_narrow ;;
      show) _ecard_delegate_show ;;
      revoke) _ecard_delegate_revoke ;;
    esac ;;
  esac
}
_ecard_delegate_make() {
  local state line
  local -a names
  _arguments -C \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--uses[so many payments]:value:_files' \
    '--for[so long, as 90m, 12h or 7d]:value:_files' \
    '--amount[so much a payment, as 9.50 (EUR)]:value:_files' \
    '--total[so much in all]:value:_files' \
    '--category[in shops of that merchant category; may be given again]:value:_files' \
    '--merchant[at that merchant alone]:value:_files' \
    '--to[for that card alone, by its whole name]:value:_files' \
    '--show[what its user is to show at the card]:value:(PIN button)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_delegate_narrow() {
  local state line
  local -a names
  _arguments -C \
    '--uses[so many payments]:value:_files' \
    '--for[so long, as 90m, 12h or 7d]:value:_files' \
    '--amount[so much a payment, as 9.50 (EUR)]:value:_files' \
    '--total[so much in all]:value:_files' \
    '--category[in shops of that merchant category; may be given again]:value:_files' \
    '--merchant[at that merchant alone]:value:_files' \
    '--to[for that card alone, by its whole name]:value:_files' \
    '--show[what its user is to show at the card]:value:(PIN button)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_delegate_show() {
  local state line
  local -a names
  _arguments -C \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--offline[of a right\: what it says alone, the issuer is not asked]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_delegate_revoke() {
  local state line
  local -a names
  _arguments -C \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_disarm() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_suspend() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--resume[let it pay again]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_unpair() {
  local state line
  local -a names
  _arguments -C \
    '--device[how to reach cards (ble)]:value:_files' \
    '--phone[where this phone keeps its secrets (my-phone)]:value:_files' \
    '--card[which of this phone'\''s cards\: the first letters of its name]:value:_files' \
    '--forget[here alone\: the card is lost, or another phone'\''s]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pos() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) names=('read:decode WAV files\: 8/16/24/32-bit or float, 1 to 8 channels; - is standard input' 'listen:read swipes as they come\: raw samples from a sound card, or from an emulated card'\''s coil' 'inspect:draw a recording\: an SVG and an HTML page of its signal, and of why nothing was read' 'synth:make labelled recordings of made-up swipes, from seeds and a description of conditions' 'charge:read a recorded swipe, and ask the network to authorise it\: 0100 out, 0110 back, receipt'); _describe command names ;;
    rest) case $line[1] in
      read) _ecard_pos_read ;;
      listen) _ecard_pos_listen ;;
      inspect) _ecard_pos_inspect ;;
      synth) _ecard_pos_synth ;;
      charge) _ecard_pos_charge ;;
    esac ;;
  esac
}
_ecard_pos_read() {
  local state line
  local -a names
  _arguments -C \
    '--track[the track to read]:value:(auto 1 2 3)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pos_listen() {
  local state line
  local -a names
  _arguments -C \
    '--rate[samples a second]:value:_files' \
    '--format[of the samples]:value:(u8 s16le s24le s32le f32le)' \
    '--channels[interleaved, each a head of its own, 1 to 8]:value:_files' \
    '--track[the track to read]:value:(auto 1 2 3)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pos_inspect() {
  local state line
  local -a names
  _arguments -C \
    '--out[where the two files go, named as the recording]:value:_files' \
    '--track[the track to read]:value:(auto 1 2 3)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pos_synth() {
  local state line
  local -a names
  _arguments -C \
    '--out[where the recordings and labels.json go]:value:_files' \
    '--count[recordings]:value:_files' \
    '--seed[first seed]:value:_files' \
    '--format[of the recordings; sr is a sigrok session, svg a picture with what was written]:value:(wav csv sr vcd svg)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_pos_charge() {
  local state line
  local -a names
  _arguments -C \
    '--amount[as 9.50]:value:_files' \
    '--network[the terminals'\'' door]:value:_files' \
    '--terminal[DE 41, up to 8 characters]:value:_files' \
    '--merchant[DE 42, up to 15 characters; a code'\''s provider]:value:_files' \
    '--name[DE 43, up to 40 characters]:value:_files' \
    '--type[DE 18, four digits (ISO 18245)]:value:_files' \
    '--country[DE 19, three digits (ISO 3166)]:value:_files' \
    '--currency[DE 49, three digits (ISO 4217)]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_image() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) names=('key:make a key that signs images\: Ed25519, PKCS#8 in PEM, and the public key beside it' 'build:make an unsigned image of a program\: an ELF file'\''s loadable segments, or a flat binary' 'sign:sign an image; a signature that it has is replaced' 'verify:check an image as the card does\: whole, signed by this key, for this board, not too old' 'inspect:show what an image says\: header, TLVs, digest, who signed it, how full the slot is'); _describe command names ;;
    rest) case $line[1] in
      key) _ecard_image_key ;;
      build) _ecard_image_build ;;
      sign) _ecard_image_sign ;;
      verify) _ecard_image_verify ;;
      inspect) _ecard_image_inspect ;;
    esac ;;
  esac
}
_ecard_image_key() {
  local state line
  local -a names
  _arguments -C \
    '--out[where the private key goes, for its owner'\''s eyes; the public one beside it]:value:_files' \
    '--root[development keys sign nothing as production]:value:(development production)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_image_build() {
  local state line
  local -a names
  _arguments -C \
    '--board[what it runs on]:value:(an386 an505)' \
    '--version[major.minor.revision+build\: 1.2.3+4; the build may be left out]:value:_files' \
    '--counter[security counter\: a card takes none lower than it ran]:value:_files' \
    '--out[the image]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_image_sign() {
  local state line
  local -a names
  _arguments -C \
    '--key[the private key, Ed25519, PKCS#8 in PEM]:value:_files' \
    '--root[as whom\: the key must be of this root]:value:(development production)' \
    '--out[the signed image (default\: the same file)]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_image_verify() {
  local state line
  local -a names
  _arguments -C \
    '--key[the public key that must have signed it]:value:_files' \
    '--counter[the lowest security counter that is taken]:value:_files' \
    '--board[what it must run on, and fit]:value:(an386 an505)' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_image_inspect() {
  local state line
  local -a names
  _arguments -C \
    '--key[a public key\: did this one sign it]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_flash() {
  local state line
  local -a names
  _arguments -C \
    '--port[the card'\''s serial port; of several you are asked]:value:_files' \
    '--device[qemu, a card without hardware; ble, or ble\:PATH of a controller, over Bluetooth]:value:_files' \
    '--ble[over Bluetooth\: the card'\''s name or address; alone, with this computer'\''s adapter]:value:_files' \
    '--board[of --device qemu]:value:(an386 an505)' \
    '--memory[keeps the flash of --device qemu from one call to the next]:value:_files' \
    '--key[the public key that must have signed it, checked here too]:value:_files' \
    '--no-confirm[leaves the image on trial\: the card'\''s next start goes back]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_flasher() {
  local state line
  local -a names
  _arguments -C \
    '--out[the page]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_serial() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_logs() {
  local state line
  local -a names
  _arguments -C \
    '--port[the card'\''s serial port; of several you are asked]:value:_files' \
    '--device[a card without hardware]:value:(qemu)' \
    '--board[of --device qemu]:value:(an386 an505)' \
    '--memory[what the flash of --device qemu holds\: see ecard flash]:value:_files' \
    '--once[what the card has now, and no more]' \
    '--raw[each frame of the line too, its kind and its octets in hexadecimal]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_doctor() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_bench() {
  local state line
  local -a names
  _arguments -C \
    '--runs[payments to measure]:value:_files' \
    '--mtu[ATT MTU between phone and card, 23 to 517]:value:_files' \
    '--seconds[how long the reader listens to each kind of sound]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1: :->verb' '*:: :->rest'
  case $state in
    verb) names=('reader:measure how much the reader reads\: rows of noise, jitter, speed and more, on made-up swipes' 'length:measure what the length of a recording costs\: time grows with it, memory does not' 'network:measure authorisations through the terminals'\'' door\: how many, and how soon' 'mcu:measure the card on a Cortex-M4 in QEMU\: flash, RAM, instructions, stack, edges' 'bluetooth:measure Bluetooth on the emulated air\: a payment in connection intervals, an upload, cycles and memory'); _describe command names ;;
    rest) case $line[1] in
      reader) _ecard_bench_reader ;;
      length) _ecard_bench_length ;;
      network) _ecard_bench_network ;;
      mcu) _ecard_bench_mcu ;;
      bluetooth) _ecard_bench_bluetooth ;;
    esac ;;
  esac
}
_ecard_bench_reader() {
  local state line
  local -a names
  _arguments -C \
    '--swipes[swipes a row, 100 unless told, which is a short run; what is asked counts of 1000; in the long run all swipes, 100000]:value:_files' \
    '--seed[first seed; those from 20000000 on were kept out of development]:value:_files' \
    '--only[rows whose name has these words in it\: 0 dB is not 20 dB; may be given again]:value:_files' \
    '--check[exits with 1 where a row is short of what is asked and of the limit, or has a wrong read]' \
    '--long[the long run instead\: wrong reads of 100000 swipes and 10000 sounds, claims against outcomes]' \
    '--picture[draws the long run'\''s claims against outcomes to an SVG file]:value:_files' \
    '--sounds[recordings without a swipe in the long run]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_bench_length() {
  local state line
  local -a names
  _arguments -C \
    '--longest[seconds of the longest, behind 1, 10, 60 and 600]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_bench_network() {
  local state line
  local -a names
  _arguments -C \
    '--rate[authorisations a second]:value:_files' \
    '--seconds[for so long]:value:_files' \
    '--tokens[tokens in the issuer'\''s store]:value:_files' \
    '--store[a PostgreSQL in place of files\: postgres\://...]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_bench_mcu() {
  local state line
  local -a names
  _arguments -C \
    '--keep[keeps the figures in docs/figures/mcu.json]' \
    '--check[exits with 1 where a figure is over what is asked (✗), and not with 0]' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_bench_bluetooth() {
  local state line
  local -a names
  _arguments -C \
    '--cycles[pair, load, present and unpair so often in one process]:value:_files' \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '*:file:_files'
}
_ecard_completion() {
  local state line
  local -a names
  _arguments -C \
    '--json[JSON Lines instead of text]' \
    '-q[results only]' '--quiet[results only]' \
    '-v[say more\: numbers of each read, and where something failed]' '--verbose[say more\: numbers of each read, and where something failed]' \
    '1:name:(bash zsh fish)'
}
compdef _ecard ecard
