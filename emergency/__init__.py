"""From a hazard and a sentence to loudspeakers that sound at once, and a roll call of who did."""
