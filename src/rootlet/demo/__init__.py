"""The main job end to end, on real servers, told step by step."""
