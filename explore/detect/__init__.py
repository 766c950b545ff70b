"""What an API's answers tell about it. Nothing in here touches the network or asks anyone."""
