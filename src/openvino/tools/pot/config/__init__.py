"""Parameters of algorithms, checked: unknown and ill-typed ones are errors that name the place."""
