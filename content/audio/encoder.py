"""How a programme is packed.  PURE: settings and the words a coder understands."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Opus in Ogg, 48 kHz mono.  Part of the recipe: other settings, other bytes."""

    bitrate_bps: int = 32_000  # speech is transparent here; ten minutes are 2.4 MB over 4G
    frame_ms: int = 20

    def arguments(self) -> tuple[str, ...]:
        """Return ffmpeg's words for these settings; bit exact: no version, no date, a fixed stream serial."""
        quality = ("-c:a", "libopus", "-b:a", str(self.bitrate_bps), "-vbr", "on", "-compression_level", "10")
        mode = ("-application", "audio", "-frame_duration", str(self.frame_ms))
        exact = ("-flags", "+bitexact", "-fflags", "+bitexact", "-map_metadata", "-1", "-serial_offset", "0")
        return (*quality, *mode, *exact, "-f", "ogg")
