/* A plugin that scores: turns that begin with `t` are UR5, others are none. Its score says what it was told to look for. */
#include <string.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct rjn_state { int is_for_sft; };
static struct rjn_state states[2] = { { 0 }, { 1 } };

static int mentions(rjn_str text, const char *what) {
    size_t len = strlen(what);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (memcmp(text.ptr + i, what, len) == 0) return 1;
    }
    return 0;
}

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *error) {
    (void)host, (void)error;
    *out = &states[mentions(config, "\"for\":\"sft\"")];
    return RJN_OK;
}

static rjn_status classify(rjn_state *state, const rjn_batch *batch, rjn_output *out, rjn_error *error) {
    (void)error;
    for (uint32_t i = 0; i < batch->n; i++) {
        const uint32_t *off = batch->text_off + batch->target[i];
        float *probs = out->probs + 6 * i;
        for (int k = 0; k < 6; k++) probs[k] = 0;
        probs[off[1] > off[0] && batch->text[off[0]] == 't' ? 5 : 0] = SURE;
        probs[2] = 1 - 0.75f;
        out->score[i] = state->is_for_sft ? probs[5] : 1 - probs[0];
    }
    return RJN_OK;
}

static void destroy(rjn_state *state) { (void)state; }

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_FLAG_CONCURRENT | RJN_GIVES_SCORES, .name = STR("scorer"), .version = STR("1"), .about = STR("for tests"),
    .config_schema = STR("{\"properties\": {\"for\": {\"type\": \"string\"}, \"model\": {\"type\": \"string\"}}}"),
    .create = create, .classify_batch = classify, .destroy = destroy,
    .score_purposes = STR(PURPOSES), .model = STR("the model of the plugin in C"),
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
