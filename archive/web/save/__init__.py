"""`/save`: URLs on demand, in the shapes of Save Page Now 2, so that its clients work unchanged."""
