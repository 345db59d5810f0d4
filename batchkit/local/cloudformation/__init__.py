"""CloudFormation's change sets and operations over moto's resources, where moto is not AWS."""
