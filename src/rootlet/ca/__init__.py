"""The maker's certificate authority: policy, issuance, and the record of what was issued."""
