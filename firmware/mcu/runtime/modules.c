// The three modules: their memories, what each imports (only what it is given a pointer to), and their calls by number.
#include <string.h>

#include "module.h"
#include "authenticator.h"
#include "calls.h"
#include "link.h"
#include "wallet.h"

uint8_t wallet_octets[WALLET_MEMORY] __attribute__((aligned(8)));
uint8_t authenticator_octets[AUTHENTICATOR_MEMORY] __attribute__((aligned(8)));
uint8_t link_octets[LINK_MEMORY] __attribute__((aligned(8)));

struct module modules[MODULES] = {
  [MODULE_MACHINE] = { .id = MODULE_MACHINE, .name = "machine" },
  [MODULE_LINK] = { .id = MODULE_LINK, .name = "link", .memory = link_octets, .size = sizeof link_octets },
  [MODULE_WALLET] = { .id = MODULE_WALLET, .name = "wallet", .memory = wallet_octets, .size = sizeof wallet_octets },
  [MODULE_AUTHENTICATOR] = { .id = MODULE_AUTHENTICATOR,
                             .name = "authenticator",
                             .memory = authenticator_octets,
                             .size = sizeof authenticator_octets },
};

static Z_wallet_instance_t wallet;
static Z_authenticator_instance_t authenticator;
static Z_link_instance_t link;

// An import's instance is the module that calls it: a port knows for whom it works.
#define FOR(module, port) (struct Z_##port##_instance_t*)&modules[module]

void module_memory_for(struct module*);

void module_instantiate(struct module* module) {
  module_memory_for(module);
  module->alarm_us = NEVER;
  switch (module->id) {
    case MODULE_WALLET:
      Z_wallet_init_module();
      Z_wallet_instantiate(&wallet, FOR(MODULE_WALLET, battery), FOR(MODULE_WALLET, clock), FOR(MODULE_WALLET, coil),
                           FOR(MODULE_WALLET, crypto), FOR(MODULE_WALLET, flash), FOR(MODULE_WALLET, head),
                           FOR(MODULE_WALLET, mailbox), FOR(MODULE_WALLET, random), FOR(MODULE_WALLET, vault));
      break;
    case MODULE_AUTHENTICATOR:
      Z_authenticator_init_module();
      Z_authenticator_instantiate(&authenticator, FOR(MODULE_AUTHENTICATOR, button), FOR(MODULE_AUTHENTICATOR, clock),
                                  FOR(MODULE_AUTHENTICATOR, crypto), FOR(MODULE_AUTHENTICATOR, flash),
                                  FOR(MODULE_AUTHENTICATOR, mailbox), FOR(MODULE_AUTHENTICATOR, random),
                                  FOR(MODULE_AUTHENTICATOR, vault));
      break;
    case MODULE_LINK:
      Z_link_init_module();
      Z_link_instantiate(&link, FOR(MODULE_LINK, battery), FOR(MODULE_LINK, clock), FOR(MODULE_LINK, indicators),
                         FOR(MODULE_LINK, line), FOR(MODULE_LINK, mailbox), FOR(MODULE_LINK, radio));
      break;
    default: break;
  }
}

void call_start(struct module* module, void* unused) {
  (void)unused;
  switch (module->id) {
    case MODULE_WALLET: module->mail_slot = Z_walletZ_mailSlot(&wallet); Z_walletZ_start(&wallet); break;
    case MODULE_AUTHENTICATOR:
      module->mail_slot = Z_authenticatorZ_mailSlot(&authenticator);
      Z_authenticatorZ_start(&authenticator);
      break;
    case MODULE_LINK: module->mail_slot = Z_linkZ_mailSlot(&link); Z_linkZ_start(&link); break;
    default: break;
  }
}

void call_mail(struct module* module, void* argument) {
  const struct mail* mail = argument;
  switch (module->id) {
    case MODULE_WALLET: Z_walletZ_onMail(&wallet, mail->from, mail->length); break;
    case MODULE_AUTHENTICATOR: Z_authenticatorZ_onMail(&authenticator, mail->from, mail->length); break;
    case MODULE_LINK: Z_linkZ_onMail(&link, mail->from, mail->length); break;
    default: break;
  }
}

void call_alarm(struct module* module, void* unused) {
  (void)unused;
  switch (module->id) {
    case MODULE_WALLET: Z_walletZ_onAlarm(&wallet); break;
    case MODULE_AUTHENTICATOR: Z_authenticatorZ_onAlarm(&authenticator); break;
    case MODULE_LINK: Z_linkZ_onAlarm(&link); break;
    default: break;
  }
}

void call_coil_done(struct module* module, void* unused) { (void)module; (void)unused; Z_walletZ_onCoilDone(&wallet); }
void call_head_contact(struct module* module, void* unused) { (void)module; (void)unused; Z_walletZ_onHeadContact(&wallet); }
void call_button(struct module* module, void* unused) { (void)module; (void)unused; Z_authenticatorZ_onButton(&authenticator); }
void call_line_up(struct module* module, void* unused) { (void)module; (void)unused; Z_linkZ_onLineUp(&link); }
void call_line_down(struct module* module, void* unused) { (void)module; (void)unused; Z_linkZ_onLineDown(&link); }
void call_line_ready(struct module* module, void* unused) { (void)module; (void)unused; Z_linkZ_onLineReady(&link); }

void call_radio_ready(struct module* module, void* unused) { (void)module; (void)unused; Z_linkZ_onRadioReady(&link); }

static void copy_in(struct module* module, uint32_t slot, const struct chunk* chunk) {
  memcpy(module_demand(module, slot, chunk->length), chunk->octets, chunk->length);
}

void call_chunk(struct module* module, void* argument) {
  const struct chunk* chunk = argument;
  copy_in(module, Z_linkZ_chunkSlot(&link), chunk);
  Z_linkZ_onChunk(&link, chunk->length);
}

void call_packet(struct module* module, void* argument) {
  const struct chunk* packet = argument;
  copy_in(module, Z_linkZ_packetSlot(&link), packet);
  Z_linkZ_onPacket(&link, packet->length);
}
