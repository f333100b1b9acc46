"""Long texts: books and pages with chapters, and their recordings."""
