"""Keys, names and certificates by the profile: what every part above shares. No I/O."""
