"""One program per budget: what headrace costs, beside a peer and beside a physical floor."""
