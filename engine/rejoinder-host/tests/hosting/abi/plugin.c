/* A plugin that reads every field that its header has, and of those that came after 0.3 only what struct_size covers. */
#include <stdlib.h>
#include <string.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }
#define HAS(pointer, field) ((pointer)->struct_size >= offsetof_end(pointer, field))
#define offsetof_end(pointer, field) \
    ((size_t)((const char *)&(pointer)->field - (const char *)(pointer)) + sizeof (pointer)->field)

struct rjn_state { const rjn_host *host; };

static const rjn_str reasons[] = { STR("it is a thank-you") };

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *err)
{
    (void)config, (void)err;
    *out = malloc(sizeof **out);
    (*out)->host = host;
    return *out ? RJN_OK : RJN_FAILED;
}

static rjn_status classify(rjn_state *state, const rjn_batch *b, rjn_output *out, rjn_error *err)
{
    (void)state, (void)err;
    for (uint32_t i = 0; i < b->n; i++) {
        const uint32_t *off = b->text_off + b->target[i];
        if (off[1] - off[0] >= 6 && memcmp(b->text + off[0], "thanks", 6) == 0) {
            out->verdict[i] = RJN_ACCEPT;
            out->category[i] = 5;
            out->reason[i] = 1;
            out->score[i] = 0.75f;
        }
#if RJN_ABI_MINOR > 3
        if (HAS(b, later) && b->later[i] != 7)
            return RJN_FAILED;
        if (HAS(out, later))
            out->later[i] = 7;
        if (HAS(state->host, later) && state->host->later(state->host->ctx) != 7)
            return RJN_FAILED;
#endif
    }
    return RJN_OK;
}

static void destroy(rjn_state *state) { free(state); }

#if RJN_ABI_MINOR > 3
static void later(void) {}
#endif

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .name = STR("versions"), .version = STR("1"), .about = STR("for the tests of versions"), .config_schema = STR(""),
    .reasons = reasons, .n_reasons = 1, .create = create, .classify_batch = classify, .destroy = destroy,
#if RJN_ABI_MINOR > 3
    .later = later,
#endif
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
