"""What people and programs are told of scans: which answer, and what they found."""
