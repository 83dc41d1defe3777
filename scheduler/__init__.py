"""From programmes to a day that a loudspeaker can play alone."""
