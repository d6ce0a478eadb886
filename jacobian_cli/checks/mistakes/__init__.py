"""Diagnosis of wrong derivatives: the mistakes that people make, made on purpose and compared with a claim."""
