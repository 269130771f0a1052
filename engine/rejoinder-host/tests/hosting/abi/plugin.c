/* A plugin that reads every field that its header has, and of those that came after 1.0 only what struct_size covers. */
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
            const uint32_t c = b->conversation[i];
            const rjn_column *model = b->columns + b->column_off[c];
            const rjn_hit *hit = b->hits + b->hit_off[i];
            if (b->n_columns && memcmp(b->column_text + model->value, "gpt-00", model->value_end - model->value) != 0)
                return RJN_FAILED;
            if (b->answer_end[i] - b->answer[i] != 1 || b->role[b->answer[i]] != RJN_ROLE_ASSISTANT)
                return RJN_FAILED;
            if (b->language[c * 4] == 'e' && b->time[b->answer[i]] != 1000)
                return RJN_FAILED;
            if (b->hit_off[i + 1] > b->hit_off[i]
                && (state->host->rule_category(state->host->ctx, hit->rule) != 5
                    || state->host->rule_route(state->host->ctx, hit->rule) != RJN_ROUTE_ACCEPT))
                return RJN_FAILED;
            out->verdict[i] = RJN_ACCEPT;
            out->category[i] = 5;
            out->reason[i] = 1;
            out->score[i] = 0.75f;
        }
#if RJN_ABI_MINOR > 0
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

static rjn_status facts_of(rjn_state *state, const rjn_batch *b, double *facts, rjn_error *err)
{
    (void)state, (void)err;
    for (uint32_t i = 0; i < b->n; i++)
        facts[i] = b->text_off[b->target[i] + 1] - b->text_off[b->target[i]];
    return RJN_OK;
}

static const rjn_fact facts[] = {
    { .name = STR("bytes"), .about = STR("how long the turn is"), .kind = RJN_FACT_NUMBER, .least = 0, .most = 1e9 },
};

static void destroy(rjn_state *state) { free(state); }

#if RJN_ABI_MINOR > 0
static void later(void) {}
#endif

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC, .struct_size = sizeof(rjn_plugin), .abi_major = RJN_ABI_MAJOR, .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_GIVES_VOTES | RJN_GIVES_FACTS | RJN_WANTS_COLUMNS, .n_facts = 1, .facts = facts, .facts_batch = facts_of,
    .name = STR("versions"), .version = STR("1"), .about = STR("for the tests of versions"), .config_schema = STR(""),
    .reasons = reasons, .n_reasons = 1, .create = create, .classify_batch = classify, .destroy = destroy,
#if RJN_ABI_MINOR > 0
    .later = later,
#endif
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host) { (void)host; return &plugin; }
