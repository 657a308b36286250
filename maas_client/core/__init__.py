"""One reliable call: retry, sign-in, errors, paging, long-running operations. Pure but for the port `IO`."""
