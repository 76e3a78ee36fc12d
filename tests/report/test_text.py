import pytest

from report import Spread
from report.text import amount, clean, difference, one_line, outcome, plural, score, seconds, short, wrapped


@pytest.mark.parametrize(
    ("words", "spread", "expected"),
    [
        (score, Spread(0.8849, 0.0121, 3), "0.885 ± 0.012"),
        (score, Spread(0.5, None, 1), "0.500"),
        (score, None, "–"),
        (difference, Spread(0.0214, 0.008, 3), "+0.021 ± 0.008"),
        (difference, Spread(-0.1, None, 1), "−0.100"),
        (difference, Spread(-0.0001, 0.01, 2), "0.000 ± 0.010"),
        (seconds, Spread(12.34, 0.38, 3), "12.3 ± 0.4"),
        (seconds, Spread(1234.5, 60.2, 3), "1\u202f234 ± 60"),
        (seconds, Spread(0.1234, 0.01, 3), "0.12 ± 0.01"),
    ],
)
def test_figures_as_words(words, spread, expected):
    assert words(spread) == expected


def test_amounts_keep_three_digits():
    assert [amount(value) for value in (0, 0.5, 9.99, 9.996, 99.94, 99.96, 12345.6)] == [
        "0.00", "0.50", "9.99", "10.0", "99.9", "100", "12\u202f346"
    ]  # fmt: skip


def test_names_break_where_parameters_do():
    assert wrapped("dcgan[classifier=resnet18,per_class=false]") == "dcgan[classifier=resnet18,\nper_class=false]"
    assert wrapped("classic-balanced[classifier=resnet18]") == "classic-balanced\n[classifier=resnet18]"
    assert wrapped("none") == "none"
    assert max(map(len, wrapped("x" * 100, 30).split("\n"))) == 30


def test_counts_as_words():
    assert plural(1, "seed") == "1 seed" and plural(2, "class") == "2 classes"
    assert outcome({"ok": 3, "diverged": 0}) == "3 ok"
    assert outcome({"ok": 0, "diverged": 1, "failed": 2}) == "0 ok, 1 diverged, 2 failed"
    assert short("a\nb " * 100, 10) == "a b a b a…"


def test_a_figure_stays_behind_a_word_that_is_read_from_the_right():
    mark = "\u200e"
    assert one_line("עברית 12, ערב ב 5") == f"עברית{mark} 12, ערב ב{mark} 5"
    assert one_line(" ring 5 ") == " ring 5 " and one_line("\n") == " " and one_line("") == ""


def test_thin_spaces_stay_and_what_steers_terminals_or_readers_goes():
    assert clean("1\u202f234\u00a0s\t\x1b[1m \u202egnp.\u2066exe\u200f \ud800") == "1\u202f234\u00a0s [1m gnp.exe"
