"""Which lot leaves first: one method, one file, one order."""
