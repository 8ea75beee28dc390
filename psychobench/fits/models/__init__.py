"""Which parameters of the psychometric function differ between an observer's conditions."""
