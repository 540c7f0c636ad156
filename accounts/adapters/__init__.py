"""What the product decides where allauth asks: texts, limits, first logins."""
