"""What is warned of, and what is not."""

from rejoinder_recipes import guard_rails

CHECKS = {
    "desirable": {"rows": 100, "refusals": 5, "jailbreaks": 0, "flagged": None, "median_prompt_chars": 50, "median_answer_chars": 100},
    "undesirable": {"rows": 0, "refusals": 0, "jailbreaks": 0, "flagged": None, "median_prompt_chars": None, "median_answer_chars": None},
}
COUNTS = {"rows": 5000, "cut": 0}


def changed(label, **counts):
    return CHECKS | {label: CHECKS[label] | counts}


def test_a_clean_set_is_not_warned_of():
    assert guard_rails.of_training("set", CHECKS, COUNTS) == []


def test_each_harm_is_told_with_its_figures_and_its_remedy():
    for checks, counts, seen, advice in (
        (changed("desirable", refusals=6), COUNTS, "6 of 100 answers to imitate decline", "--no-refusals"),
        (changed("desirable", jailbreaks=9), COUNTS, "9 of 100", "--block"),
        (changed("desirable", flagged=50), COUNTS, "50 of 100", "--except"),
        (changed("undesirable", rows=90, median_answer_chars=60), COUNTS, "100 characters praised, 60 blamed", "like length"),
        (changed("undesirable", rows=90, median_answer_chars=160), COUNTS, "blamed answers are longer", "like length"),
        (CHECKS, COUNTS | {"rows": 78}, "78 rows are few", "find more"),
        (CHECKS, COUNTS | {"cut": 2501}, "2,501 of 5,000 answers lose their end", "--max-length"),
    ):
        (caution,) = guard_rails.of_training("set", checks, counts)
        assert seen in caution.seen and advice in caution.advice, caution


def test_a_shift_of_the_lengths_of_answers_is_told():
    lengths = {"pre-trained": [100, 110, 90], "same": [120, 90, 100], "long": [200, 160, 150], "short": [10, 20, 30]}
    assert [caution.subject for caution in guard_rails.of_answers(lengths, "pre-trained")] == ["long", "short"]
    assert guard_rails.of_answers({"pre-trained": [], "arm": []}, "pre-trained") == []
