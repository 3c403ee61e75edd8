"""Coupons: campaigns, their one-time codes, and what a coupon takes off a basket."""
