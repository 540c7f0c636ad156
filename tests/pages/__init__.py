"""Every page of the portal, with somebody to look at it and something to see."""
