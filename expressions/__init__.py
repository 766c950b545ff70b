"""JQ: `data_path`, expressions on items, and the jq process that evaluates them."""
