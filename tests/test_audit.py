"""What the audit of the installed packages says of them."""

import pytest

from tests.audit import tell


def test_a_known_weakness_fails_and_names_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    weak = {
        "name": "leaky",
        "version": "1.0",
        "vulns": [{"id": "CVE-2026-1", "fix_versions": ["1.1"]}],
    }
    assert tell([weak, {"name": "sound", "version": "2.0", "vulns": []}]) == 1
    told = capsys.readouterr().out
    assert "leaky 1.0: CVE-2026-1, mended in 1.1" in told
    assert "audited: 2 packages, 1 with known weaknesses" in told


def test_what_could_not_be_looked_at_is_counted_and_not_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell([{"name": "strange", "skip_reason": "not found"}]) == 0
    told = capsys.readouterr().out
    assert "NOT AUDITED: 1 of 1 packages" in told
    assert "audited: 0 packages" in told
