"""What people fit: the estimator, tables in, reports and model files out."""
