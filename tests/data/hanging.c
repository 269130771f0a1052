/* A plugin that says `hanging`, and hangs, when it is loaded (IN_LOAD) or in `create` (IN_CREATE). */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

static void hang(void) {
    if (write(STDERR_FILENO, "hanging\n", 8) == 8)
        for (;;) pause();
}

#ifdef IN_LOAD
__attribute__((constructor)) static void load(void) { hang(); }
#endif

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *error) {
    (void)host, (void)config, (void)out, (void)error;
    hang();
    return RJN_FAILED;
}

static rjn_status classify(rjn_state *state, const rjn_batch *batch, rjn_output *out, rjn_error *error) {
    (void)state, (void)batch, (void)out, (void)error;
    return RJN_OK;
}

static void destroy(rjn_state *state) { (void)state; }

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .flags = RJN_GIVES_VOTES, .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .name = STR("hanging"), .version = STR("1"), .about = STR("for tests"),
    .create = create, .classify_batch = classify, .destroy = destroy,
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
