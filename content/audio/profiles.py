"""How a programme is made for what will play it.  PURE: names that people choose, and what they mean."""

from collections.abc import Mapping
from enum import StrEnum

from content.audio.compress import Compression
from content.audio.master import Profile


class ProfileName(StrEnum):
    """What hangs on the pole."""

    PLAIN = "plain"  # loa thùng, loa cột: plays the whole band
    HORN = "horn"  # loa nén: the field's usual horn
    LONG_HORN = "long_horn"  # a cluster that must carry far, over wind and traffic


PROFILE_WORDS: Mapping[ProfileName, str] = {
    ProfileName.PLAIN: "Loa thùng, loa cột (toàn dải)",
    ProfileName.HORN: "Loa nén (250–6.500 Hz)",
    ProfileName.LONG_HORN: "Loa nén đặt xa, nhiều gió (300–5.000 Hz)",
}

# What a horn cannot radiate only heats its driver and makes the limiter work: it is cut before the level is set.
PROFILES: Mapping[ProfileName, Profile] = {
    ProfileName.PLAIN: Profile(),
    ProfileName.HORN: Profile(low_hz=250.0, high_hz=6_500.0, compression=Compression()),
    ProfileName.LONG_HORN: Profile(
        low_hz=300.0, high_hz=5_000.0, compression=Compression(threshold_db=-6.0, ratio=3.0)
    ),
}
