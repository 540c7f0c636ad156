"""WHY AND WHERE: policies, decisions, and the copies they cause."""
