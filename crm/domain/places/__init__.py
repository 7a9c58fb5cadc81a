"""The product's own tables of cities and countries (``tools/cities.py`` cuts them), and where somebody is."""
