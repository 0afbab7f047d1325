"""What removing runs and experiments for good looks up: the rows that refer to them."""

UP = """
CREATE INDEX logged_model_points_by_run ON logged_model_points (run);
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset);
"""
