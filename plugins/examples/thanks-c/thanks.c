/* A complete plugin in C: accepts a turn whose whole text a rule about thanks matched, unless the answer before it asked a
 * question (then "thanks" may be "no, thanks"), and says how sure it is by how short the turn is.
 *
 *   cc -std=c11 -pedantic -Wall -Wextra -O2 -fPIC -shared -I ../../abi/include -o librejoinder_plugin_thanks.so thanks.c
 *
 * It shows what there is beside the turn: the conversation so far, the rules that hit, and their names. */
#include <string.h>

#include "rejoinder_plugin.h"

#define STR(s) { (const uint8_t *)(s), sizeof(s) - 1 }

enum { WHOLE = 1, ASKED = 2 };
static const rjn_str reasons[] = { STR("all of it is thanks"), STR("thanks, but to a question") };

/* Nothing changes after `create`, so one state serves every thread. */
struct rjn_state { const rjn_host *host; };
static struct rjn_state the_state;

static rjn_status create(const rjn_host *host, rjn_str config, rjn_state **out, rjn_error *err)
{
    (void)config, (void)err;
    the_state.host = host; /* the same for every state, and there until the process ends */
    *out = &the_state;
    return RJN_OK;
}

static rjn_str message(const rjn_batch *b, uint32_t m)
{
    rjn_str text = { b->text + b->text_off[m], b->text_off[m + 1] - b->text_off[m] };
    return text;
}

static int contains(rjn_str text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.ptr + i, word, len) == 0)
            return 1;
    return 0;
}

/* Whether a rule with `thank` in its id matched the turn from its first letter to its last. */
static int is_all_thanks(const rjn_state *state, const rjn_batch *b, uint32_t i)
{
    rjn_str turn = message(b, b->target[i]);
    while (turn.len && (turn.ptr[turn.len - 1] <= ' ' || strchr(".!", turn.ptr[turn.len - 1])))
        turn.len--;
    for (uint32_t h = b->hit_off[i]; h < b->hit_off[i + 1]; h++) {
        const rjn_hit *hit = &b->hits[h];
        if (hit->start == 0 && hit->end >= turn.len && turn.len > 0
            && contains(state->host->rule_name(state->host->ctx, hit->rule), "thank"))
            return 1;
    }
    return 0;
}

/* Whether the assistant's last words before the turn are a question. */
static int was_asked(const rjn_batch *b, uint32_t i)
{
    for (uint32_t m = b->target[i]; m-- > b->first[i];) {
        rjn_str text = message(b, m);
        while (text.len && text.ptr[text.len - 1] <= ' ')
            text.len--;
        if (b->role[m] == RJN_ROLE_ASSISTANT && text.len)
            return text.ptr[text.len - 1] == '?';
    }
    return 0;
}

static rjn_status classify_batch(rjn_state *state, const rjn_batch *b, rjn_output *out, rjn_error *err)
{
    (void)err;
    for (uint32_t i = 0; i < b->n; i++) {
        if (!is_all_thanks(state, b, i))
            continue; /* abstain, as the engine filled it in */
        if (was_asked(b, i)) {
            out->reason[i] = ASKED;
            out->score[i] = 0.5f;
            continue;
        }
        out->verdict[i] = RJN_ACCEPT;
        out->category[i] = 5;
        out->reason[i] = WHOLE;
        out->score[i] = message(b, b->target[i]).len < 30 ? 0.97f : 0.9f;
    }
    return RJN_OK;
}

static void destroy(rjn_state *state)
{
    (void)state;
}

static const rjn_plugin plugin = {
    .magic = RJN_MAGIC,
    .struct_size = sizeof(rjn_plugin),
    .abi_major = RJN_ABI_MAJOR,
    .abi_minor = RJN_ABI_MINOR,
    .flags = RJN_GIVES_VOTES | RJN_FLAG_CONCURRENT,
    .name = STR("thanks"),
    .version = STR("1.0.0"),
    .about = STR("accepts turns that are thanks and nothing else (UR5)"),
    .config_schema = STR("{\"type\": \"object\", \"additionalProperties\": false}"),
    .reasons = reasons,
    .n_reasons = sizeof reasons / sizeof *reasons,
    .create = create,
    .classify_batch = classify_batch,
    .destroy = destroy,
};

const rjn_plugin *rejoinder_plugin(const rjn_host *host)
{
    (void)host;
    return &plugin;
}
