"""What the product decides where allauth asks: texts, limits, addresses, first logins."""
