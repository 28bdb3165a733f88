"""Whom an address is counted for."""

import pytest

from imagestudio.web.household import household


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket file", "a socket file"),
        ("", ""),
    ],
)
def test_w10_it_takes_a_customers_network_for_one(address: str, whose: str) -> None:
    assert household(address) == whose
