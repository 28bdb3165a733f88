"""The Images API from the caller's side: requests, answers, errors, abilities and prices.

Plain Python without Django, so that any process may use it.
"""
