"""The main job, visible: a demo commune, a dozen simulated loudspeakers, a bulletin, an emergency, and the proof."""
