from shownotes.core.glossary import BUDGET_TOKENS, choose_hotwords


def _letters(text: str) -> int:
    return len(text)


def test_all_terms_that_fit_are_used() -> None:
    hotwords = choose_hotwords(["Brennick", "Alder Street"], count_tokens=_letters)
    assert hotwords.text == "Brennick, Alder Street"
    assert hotwords.left_out == ()


def test_the_budget_counts_the_whole_text() -> None:
    terms = [f"term{n:02d}" for n in range(40)]
    hotwords = choose_hotwords(terms, count_tokens=_letters)
    assert len(hotwords.text) + 1 <= BUDGET_TOKENS
    assert hotwords.used + hotwords.left_out == tuple(terms)
    assert hotwords.left_out


def test_a_shorter_term_may_come_in_after_a_long_one() -> None:
    hotwords = choose_hotwords(["x" * 200, "Ann"], count_tokens=_letters)
    assert (hotwords.used, hotwords.left_out) == (("Ann",), ("x" * 200,))


def test_empty_and_repeated_terms_are_passed_over() -> None:
    hotwords = choose_hotwords(["Ann  Lee", "", "ann lee", " "], count_tokens=_letters)
    assert hotwords.used == ("Ann Lee",)


def test_no_terms_are_no_text() -> None:
    assert choose_hotwords([], count_tokens=_letters).text == ""
