"""What templates of other apps ask about promotions."""
