// Of libsodium, what firmware/mcu/loader/slots.c calls: its harness answers.
int crypto_hash_sha256(unsigned char* out, const unsigned char* in, unsigned long long length);
