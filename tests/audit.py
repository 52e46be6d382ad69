"""Known weaknesses in what is installed: `python -m tests.audit`, a part of `make check`.

Asks the advisory service through pip-audit about every locked package. Fails when one has a
weakness that is known. Where the service cannot be reached, or does not know a package, a line says
how many were not looked at: what could not be looked at has not passed.
"""

import json
import subprocess
import sys
from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock")
ROOT = Path(__file__).parent.parent
PATIENCE_S = 120


def main() -> int:
    """Ask, and tell; 1 when a weakness is known."""
    locks = [word for lock in LOCKS for word in ("-r", str(ROOT / lock))]
    asked = [sys.executable, "-m", "pip_audit", *locks, "--disable-pip", "--no-deps"]
    try:
        told = subprocess.run(
            [*asked, "--format", "json", "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        packages = json.loads(told.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        print("NOT AUDITED: the advisory service cannot be reached.")
        return 0
    return tell(packages)


def tell(packages: list[dict[str, object]]) -> int:
    """Print what is known of packages; 1 when there is a weakness among them.

    Args:
        packages: as pip-audit tells them.
    """
    unknown = [package for package in packages if "skip_reason" in package]
    weak = [package for package in packages if package.get("vulns")]
    for package in weak:
        vulns = package["vulns"]
        assert isinstance(vulns, list)
        for vuln in vulns:
            fixed = ", ".join(vuln["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {vuln['id']}, mended in {fixed}")
    if unknown:
        print(f"NOT AUDITED: {len(unknown)} of {len(packages)} packages, unknown to the service.")
    print(f"audited: {len(packages) - len(unknown)} packages, {len(weak)} with known weaknesses")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
