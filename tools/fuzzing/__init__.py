"""Random programs: written (`grammar`, `expressions`, `statements`, `programs`), checked in every mode against oracles
that share nothing with s2sad (`case`, `modes`, `reference`, `checking`), made small (`shrinking`) and told of
(`reporting`)."""
