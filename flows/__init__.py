"""The Prefect flows of Shownotes, one a file; the only place that imports Prefect."""
