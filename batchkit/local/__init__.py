"""The whole of AWS that batchkit needs, on one machine, behind one endpoint on 127.0.0.1."""
